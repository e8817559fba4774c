"""What tests have in common. No test is here."""
