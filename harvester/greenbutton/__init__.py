"""Green Button files of anyone's: read safely, told when wrong, and never trusted."""
