"""Label Studio: the client, the local server, push, pull and the ledger.

Import from the modules: a command needs few of them.
"""
