"""What this Python is, as one JSON line: asked of every candidate before one runs plugins. Runs on any Python 3.

`install` is what pip is told from outside, by variables: behind the launcher none of the server's are left.
"""

import json
import os
import sys
import sysconfig

PACKAGES = ("pandas", "numpy", "pydantic", "pip")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


def versions():
    """Package → version, None where it is not installed."""
    from importlib import metadata

    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def read_paths():
    """Folders and archives that imports read, the library of a shared build, and what makes a virtual environment one."""
    paths = [path for path in sys.path if path]
    paths += [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")]
    shared = sysconfig.get_config_var("LDLIBRARY")
    folder = sysconfig.get_config_var("LIBDIR")
    if shared and folder:
        paths.append(os.path.join(folder, shared))
        paths.append(os.path.realpath(os.path.join(folder, shared)))
    if sys.prefix != sys.base_prefix:
        paths.append(os.path.join(sys.prefix, "pyvenv.cfg"))
    return sorted({os.path.abspath(path) for path in paths if path and os.path.exists(path)})


def install_settings():
    """Variables that pip and its connections read."""
    names = [name for name in os.environ if name.startswith("PIP_") or name.lower() in PROXIES or name in CERTIFICATES]
    return {name: os.environ[name] for name in sorted(names)}


def describe():
    is_fitting = sys.version_info >= (3, 10)
    return {
        "path": sys.executable,
        "executePaths": sorted({os.path.abspath(sys.executable), os.path.realpath(sys.executable)}),
        "version": "%d.%d.%d" % sys.version_info[:3],
        "isFitting": is_fitting,
        "tag": "%s-%s" % (sys.implementation.cache_tag, sysconfig.get_platform()),
        "readPaths": read_paths() if is_fitting else [],
        "packages": versions() if is_fitting else {},
        "home": os.path.expanduser("~"),
        "install": install_settings(),
    }


if __name__ == "__main__":
    print(json.dumps(describe()))
