"""Our own queues, bus, files, secrets and clock on AWS. (The table has a package of its own: `adapters.dynamodb`.)

Nothing is imported here: a function loads only the modules it uses, because imports are its cold start.
"""
