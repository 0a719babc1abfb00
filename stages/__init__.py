"""The stages of the pipeline: thin scripts that read params, call the library and write declared outputs."""
