"""Our own labels, stickers, packing slips and pick lists: laid out once in printer dots, written as PDF or ZPL."""
