"""A scriptable LLM provider for tests and for the demo.

Written on bare asyncio streams, with HTTP/1.1 by hand, so that every byte that leaves it can be placed, delayed or cut, and so
that it shares no code, and no misunderstanding, with the gateway under test. See README.md beside this file.
"""
