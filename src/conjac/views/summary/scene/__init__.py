"""What the explorer shows, computed once: arrays that a page looks up and adds."""
