"""Points, trajectories and unstructured meshes of a Dataset, as series of ``.vtp`` and ``.vtu``."""
