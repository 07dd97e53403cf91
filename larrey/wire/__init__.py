"""Pure storey: codecs of exchange formats, bytes to values. ``cda``: clinical documents. HL7 v2 and XDM come with the gateway."""
