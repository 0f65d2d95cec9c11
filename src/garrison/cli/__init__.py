"""The command line, grown from manifests. Imports wire and base, nothing else of ours."""
