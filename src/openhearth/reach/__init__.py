"""How what happens reaches people: activity on pages; later notifications, webhooks and digests."""
