"""What the scenarios are written with: Weir as a process, and actors that play its clients, origins and name servers."""
