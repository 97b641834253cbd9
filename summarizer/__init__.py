"""Transcript in, evidence-linked draft note out."""
