"""The density of one class's scores at one cut, raced against other tools on distributions with closed forms."""
