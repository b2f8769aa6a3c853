"""Who may do what: rows of data in each capability, one engine that judges and filters by the same rows."""
