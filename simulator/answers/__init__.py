"""What each source's API says about the world at one moment."""
