# tests that need the whole program
