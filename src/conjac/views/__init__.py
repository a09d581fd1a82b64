"""Views: they read a result and paint it; nothing here estimates."""
