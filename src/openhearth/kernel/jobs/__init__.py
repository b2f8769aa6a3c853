"""Background work: a table of jobs, queued by name in the transaction that asks for them, run at least once.

`registry` knows the jobs by name, `queue` puts them in, `claims` hands them out on a lease, `worker` runs
them, `schedule` queues the periodic ones, `running` is what a job may ask while it runs, `reports` is for
administrators.

A job may run twice (a worker that dies in the middle is noticed by its lease): its work must bear repetition.
"""
