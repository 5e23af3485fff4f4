"""Label Studio: the client, the local server, push, pull and the ledger.

Import from the modules: the ledger and the server need no SDK, which is slow to import.
"""
