"""What is every group of settings made of? The base, and the shapes that several share."""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from nexus.core.environment import split_list, split_pairs, web_address

Listed = BeforeValidator(split_list)
Paired = BeforeValidator(split_pairs)
Amounts = dict[str, Annotated[Decimal, Field(gt=0, lt=1_000_000_000_000_000)]]
WebAddress = Annotated[str, AfterValidator(web_address)]
Percentage = Annotated[int, Field(ge=1, le=90)]
Percent = Annotated[Decimal, Field(gt=0, le=100)]
Bps = Annotated[Decimal, Field(ge=0, le=10_000)]


class Group(BaseModel):
    """A few settings that belong together."""

    model_config = ConfigDict(use_attribute_docstrings=True)
