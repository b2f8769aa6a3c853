"""From what was read to HTML, where a template would be too slow or has no say."""
