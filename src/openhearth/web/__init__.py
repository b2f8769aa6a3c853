"""The page shell and the kit of components. Knows no capability."""
