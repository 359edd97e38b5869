"""A page as tagged PDF (PDF/UA-1) by WeasyPrint, which needs the system's library pango."""


class NoPango(Exception):  # noqa: N818 - the public name says what is wrong
    """The system lacks what draws a PDF; the message says how to get it."""


def tagged(page: str) -> bytes:
    """Return the page as PDF/UA-1; equal pages give equal bytes on one machine. Raises NoPango.

    Nothing is fetched: the page has all in it.
    """
    try:
        import weasyprint  # type: ignore[import-untyped]  # the library has no types
        from weasyprint.urls import URLFetcher  # type: ignore[import-untyped]  # the library has no types
    except OSError as error:
        raise NoPango(
            "A PDF needs the system library pango, which is not here: install it (Debian and Ubuntu: apt-get install "
            "libpango-1.0-0 libpangoft2-1.0-0; macOS: brew install pango) and run `trueup pack` again."
        ) from error
    document = weasyprint.HTML(string=page, url_fetcher=URLFetcher(allowed_protocols=()))
    return bytes(document.write_pdf(pdf_variant="pdf/ua-1"))
