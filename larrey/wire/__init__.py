"""Pure storey: codecs of HL7 v2, CDA, XDM. Empty until the gateway is built."""
