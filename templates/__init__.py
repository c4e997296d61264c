"""The texts that ship: mails and pages."""
