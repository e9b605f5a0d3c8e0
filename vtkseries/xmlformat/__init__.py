"""VTK's XML files as bytes: no file is opened here."""
