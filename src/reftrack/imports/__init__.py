"""Files of other programs become citations: one module a format. Nothing here touches a disk or the library."""
