"""The version of Tulle; a constant, because to ask the installed package for it takes 2 MB of imports."""

VERSION = "0.1.0"
