"""Is the styleguide there for developers, and for nobody else?"""

from tests.website import Website, serve, settings_for


async def test_developers_see_the_styleguide(database_url: str, redis_url: str) -> None:
    settings = settings_for(database_url, redis_url, environment="development")
    async with serve(settings) as site, site.browser() as developer:
        answer = await developer.get("/styleguide")
    assert answer.status_code == 200
    assert "Styleguide" in answer.text


async def test_elsewhere_there_is_no_styleguide(website: Website) -> None:
    async with website.browser() as visitor:
        assert (await visitor.get("/styleguide")).status_code == 404
