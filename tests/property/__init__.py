"""Laws, checked by hypothesis against brute force."""
