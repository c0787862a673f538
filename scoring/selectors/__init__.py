"""What pages, the API and other modules may ask of scoring; evaluated, frozen."""
