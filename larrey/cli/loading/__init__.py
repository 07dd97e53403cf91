"""How ``larrey load`` works: find files, read them as units, write the units in parallel, report.

``sources`` opens files whatever their compression; ``units`` cuts content into what is loaded or refused as a whole;
``worker`` writes units; ``schedule`` runs workers and tries again what waits for something else; ``report`` counts.
"""
