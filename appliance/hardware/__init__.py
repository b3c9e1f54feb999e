"""What this machine has: processors, memory, disks, accelerators; one detector a vendor."""
