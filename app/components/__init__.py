"""Components of the screens: domain objects in, intentions out."""
