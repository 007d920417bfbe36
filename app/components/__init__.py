"""What the pages are put together from: domain objects in, intentions out."""
