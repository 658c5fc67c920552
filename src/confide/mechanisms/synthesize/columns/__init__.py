"""Public domains of files: what each column may hold, and how rows become codes and codes rows."""
