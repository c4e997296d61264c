"""Writes a folder of HTML pages that an auditor opens without a network: plain files, no scripts from elsewhere."""
