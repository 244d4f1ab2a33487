"""The parts that scenarios use: Weir as a process, and actors that play its clients, origins and
name servers."""
