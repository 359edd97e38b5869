"""What the shapes of many routes share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

EMAIL = r"^[^@\s\x00]{1,64}@[^@\s\x00]+\.[^@\s.\x00]{2,}$"
Email = Annotated[str, Field(max_length=254, pattern=EMAIL)]
Line = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]
State = Annotated[str, Field(pattern="^[A-Z]{2}$", description="The two letters of a state.")]
Cents = Annotated[int, Field(ge=0, le=99_999_999)]


class Shape(BaseModel):
    """What a program may send: these fields and no other."""

    model_config = ConfigDict(extra="forbid")
