"""Reading code in the browser: folders, files, history, commits, branches and tags, raw files, archives."""
