"""The certificate of the lab's firewall."""
