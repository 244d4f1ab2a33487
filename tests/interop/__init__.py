"""What programs that people use end with, directly and through Weir."""
