"""Facts: what has happened, kept for ever, told to whoever asked.

`facts` is the base of all events (no Django), `emit` writes one in the transaction of the change,
`subscriptions` says who is told (a job, durably; a function, after the commit), `stored` reads facts back.
"""
