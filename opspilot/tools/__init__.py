"""What a model may do: tools, each declared once.

`catalog` is the table of contents. A tool reads (and files what it read as evidence) or proposes;
none changes anything in the account.
"""
