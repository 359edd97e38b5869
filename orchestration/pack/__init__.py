"""The pack of a closed month: page, PDF, a workbook that checks itself, every table; made of kept rows only."""
