"""What is written of a run: tables in Markdown, a picture, and the pages that show both."""
