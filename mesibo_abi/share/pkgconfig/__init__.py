"""The directory of `mesibo_abi.pc`, advertised under the entry-point group `pkg_config`."""
