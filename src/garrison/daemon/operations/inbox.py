"""What a person is asked: questions, and consents."""

from typing import Annotated, ClassVar

from garrison.daemon.operations.base import Operations
from garrison.daemon.suite_results import CardRow, ConsentRow
from garrison.sdk import Access, Caller, Said, about, action
from garrison.sdk.plain import to_plain


class InboxOperations(Operations):
    """Show what a person is asked, and take the answers."""

    aliases: ClassVar[dict[str, str]] = {
        "inbox": "inbox",
        "inbox answer": "inbox-answer",
        "consents": "consents",
        "consents give": "consent-give",
        "consents withdraw": "consent-withdraw",
    }

    @action("Inbox", access=Access.VIEW)
    def inbox(
        self, caller: Caller, with_answered: Annotated[bool, about("Show the answered ones too")] = False
    ) -> list[CardRow]:
        """Show the questions that wait for an answer."""
        return [CardRow.of(card) for card in self._parts.inbox.cards(caller, with_answered)]

    @action("Answer a question")
    def inbox_answer(
        self,
        question: Annotated[int, about("Its number, as inbox shows it", ge=1, le=2**62)],
        choice: Annotated[str, about("One of its choices")],
        caller: Caller,
    ) -> Said:
        """Answer a question in the inbox."""
        self._parts.inbox.answer(caller, question, choice)
        return Said.of("Question {question}: {choice}.", question=question, choice=choice)

    @action("Consents", access=Access.VIEW)
    def consents(self, caller: Caller) -> list[ConsentRow]:
        """Show what you agreed to, and what you did not."""
        return [ConsentRow(**to_plain(consent)) for consent in self._consents.all(caller)]

    @action("Give consent")
    def consent_give(self, purpose: Annotated[str, about("As consents shows it")], caller: Caller) -> Said:
        """Agree to a purpose, in the words that consents shows."""
        consent = self._consents.record(caller, purpose, given=True)
        return Said.of("You agreed to: {title}.", title=consent.title)

    @action("Withdraw consent")
    def consent_withdraw(self, purpose: Annotated[str, about("As consents shows it")], caller: Caller) -> Said:
        """Take back what you agreed to."""
        consent = self._consents.record(caller, purpose, given=False)
        return Said.of("You no longer agree to: {title}.", title=consent.title)
