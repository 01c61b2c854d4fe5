"""/v1/items: put items into the collection and take them out. An answer means that the disk has it."""


def upsert(collection, body: dict) -> dict:
    """Items with new ids are added, those with known ids replaced: all of them or, on an error, none."""
    return {"accepted": len(body["items"]), "changed": collection.upsert(body["items"])}


def delete(collection, body: dict) -> dict:
    """How many of the ids there were; asking again is no error."""
    return {"deleted": collection.delete(body["ids"])}
