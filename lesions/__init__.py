"""The library behind the stages: from a folder of skin-lesion pictures to a classifier and its scores."""
