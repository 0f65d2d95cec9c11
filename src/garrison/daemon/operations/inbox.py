"""What a person is asked: questions, and consents."""

from typing import Annotated, ClassVar

from garrison.daemon.operations.base import Operations
from garrison.daemon.suite_results import CardRow, ConsentRow, RememberedRow
from garrison.sdk import Access, Caller, Said, about, action
from garrison.sdk.plain import to_plain


class InboxOperations(Operations):
    """Show what a person is asked, and take the answers."""

    aliases: ClassVar[dict[str, str]] = {
        "inbox": "inbox",
        "inbox answer": "inbox-answer",
        "inbox read": "inbox-read",
        "inbox remembered": "inbox-remembered",
        "inbox forget": "inbox-forget",
        "consents": "consents",
        "consents give": "consent-give",
        "consents withdraw": "consent-withdraw",
    }

    @action("Inbox", access=Access.VIEW)
    def inbox(
        self, caller: Caller, with_answered: Annotated[bool, about("Show the answered and the read ones too")] = False
    ) -> list[CardRow]:
        """Show the questions that wait for an answer, and the notices that you have not read."""
        inbox = self._parts.inbox
        rows = [CardRow.of(card) for card in inbox.cards(caller, with_answered)]
        rows += [CardRow.of_notice(each) for each in inbox.notices.all(caller, with_read=with_answered)]
        return sorted(rows, key=lambda row: row.id)

    @action("Mark notices as read")
    def inbox_read(
        self,
        caller: Caller,
        notice: Annotated[int, about("Its number, as inbox shows it; 0: all", ge=0, le=2**62)] = 0,
    ) -> Said:
        """Note that you have read a notice, or all of them."""
        count = self._parts.inbox.notices.mark_read(caller, notice or None)
        return Said.of("{count} notice is read.", many="{count} notices are read.", count=count)

    @action("Answers that are remembered", access=Access.VIEW)
    def inbox_remembered(self, caller: Caller) -> list[RememberedRow]:
        """Show the questions that are answered without asking you again, as you wanted."""
        return [
            RememberedRow(question=f"{each.component}.{each.name}", choice=each.choice, since=each.at)
            for each in self._parts.inbox.remembered(caller)
        ]

    @action("Ask again")
    def inbox_forget(
        self, caller: Caller, question: Annotated[str, about("As inbox remembered shows it; nothing: all")] = ""
    ) -> Said:
        """Ask you again what was answered without asking."""
        count = self._parts.inbox.forget(caller, question)
        return Said.of(
            "{count} question will be asked again.", many="{count} questions will be asked again.", count=count
        )

    @action("Answer a question")
    def inbox_answer(
        self,
        question: Annotated[int, about("Its number, as inbox shows it", ge=1, le=2**62)],
        choice: Annotated[str, about("One of its choices")],
        caller: Caller,
        always: Annotated[bool, about("Give this answer from now on without asking")] = False,
    ) -> Said:
        """Answer a question in the inbox."""
        self._parts.inbox.answer(caller, question, choice, always=always)
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
