"""Starts the host: `python3 -I -B main.py [--site FOLDER]...`, frames on stdin and stdout (docs: python/README.md).

`--site` names folders of installed packages, which an isolated interpreter (`-I`) knows nothing of.
"""

import importlib.util
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def import_host() -> None:
    """Makes `nacre_host` importable without its parent folder on the path: no plugin meets our other files there."""
    spec = importlib.util.spec_from_file_location(
        "nacre_host", os.path.join(HERE, "__init__.py"), submodule_search_locations=[HERE]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["nacre_host"] = module
    spec.loader.exec_module(module)


def site_folders(arguments: list[str]) -> list[str]:
    """The values of `--site`; anything else on the command line stops the start."""
    folders = []
    rest = list(arguments)
    while rest:
        option = rest.pop(0)
        if option != "--site" or not rest:
            raise SystemExit(f"main.py: {option!r} is not understood; usage: main.py [--site FOLDER]...")
        folders.append(rest.pop(0))
    return folders


def main(arguments: list[str]) -> None:
    # The modules that plugins import come first: no package of a site folder can take their names.
    sys.path[:0] = [os.path.join(HERE, "sdk"), *site_folders(arguments)]
    import_host()

    from nacre_host.frames import take_channel
    from nacre_host.serve import serve

    serve(take_channel())


if __name__ == "__main__":
    main(sys.argv[1:])
