"""Git plumbing: objects, refs, packs, the wire protocol. Knows no Django and no settings."""
